package hostile

const nginxSnippet = `
daemon off;
master_process off;
pid {dir}/pid;
error_log stderr error;
events { worker_connections 128; }
http {
  access_log off;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  client_header_timeout 1s; client_body_timeout 1s;
  server {
    listen {listen};
    merge_slashes off;
    underscores_in_headers off;

    auth_request /leastkey;                       # every location below
    auth_request_set $leastkey_token     $upstream_http_leastkey_token_id;
    auth_request_set $leastkey_principal $upstream_http_leastkey_principal;

    location = /leastkey {
        internal;
        auth_request off;
        proxy_pass http://{asked}/auth/nginx;
        proxy_pass_request_body off;
        proxy_set_header Content-Length    "";
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URI    $request_uri;
        proxy_set_header X-Original-Host   $http_host;
        proxy_set_header X-Forwarded-For   $remote_addr;
    }
    location / {
        proxy_pass http://{upstream};         # without a path: the target goes on as it came
        proxy_set_header Authorization           "";
        proxy_set_header X-Auth-Email            "";
        proxy_set_header X-Auth-Key              "";
        proxy_set_header X-Auth-User-Service-Key "";
        proxy_set_header {name}               "{value}";
        proxy_set_header X-Forwarded-For   $remote_addr;
        proxy_set_header X-Original-Method "";
        proxy_set_header X-Original-URI    "";
        proxy_set_header X-Original-Host   "";
        proxy_set_header Proxy-Connection  "";
        proxy_set_header HTTP2-Settings    "";
        proxy_set_header Leastkey-Token-Id       $leastkey_token;
        proxy_set_header Leastkey-Principal      $leastkey_principal;
    }
  }
}
`

const caddySnippet = `{
	admin off
	auto_https off
}
http://:{port} {
	bind 127.0.0.1
	respond 421
}
http://api.example:{port} {
	bind 127.0.0.1
	forward_auth {asked} {
		uri /auth/caddy
		copy_headers Leastkey-Token-Id Leastkey-Principal
	}
	request_header -Authorization
	request_header -X-Auth-Email
	request_header -X-Auth-Key
	request_header -X-Auth-User-Service-Key
	request_header -Upgrade
	request_header -HTTP2-Settings
	request_header -Connection
	request_header -X-Forwarded-*
	request_header -*_*
	request_header {name} "{value}"
	reverse_proxy {upstream}
}
`
